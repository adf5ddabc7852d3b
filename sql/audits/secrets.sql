-- severity: warn
-- No text of the warehouse looks like a key, a password or a token: not in addresses, warnings, refusals, unknown
-- fields or rows that were set aside.
with
    texts as (
        select _company, 'meta.runs.base_url' as place, base_url as text from meta.runs
        union all
        select _company, 'meta.runs.warnings' as place, array_to_string(warnings, ' ') as text from meta.runs
        union all
        select runs._company, 'meta.reads.refused' as place, reads.refused as text
        from meta.reads as reads
        left join meta.runs as runs on runs.run_id = reads.run_id
        union all
        select _company, 'meta.quarantine.raw' as place, raw as text from meta.quarantine
        union all
        select _company, 'raw.activity_entries._extra' as place, cast(_extra as varchar) as text
        from raw.activity_entries
        where _extra is not null
        union all
        select _company, 'raw.batch_documents._extra' as place, cast(_extra as varchar) as text
        from raw.batch_documents
        where _extra is not null
        union all
        select _company, 'raw.batches._extra' as place, cast(_extra as varchar) as text
        from raw.batches
        where _extra is not null
        union all
        select _company, 'raw.brands._extra' as place, cast(_extra as varchar) as text
        from raw.brands
        where _extra is not null
        union all
        select _company, 'raw.buyer_orders._extra' as place, cast(_extra as varchar) as text
        from raw.buyer_orders
        where _extra is not null
        union all
        select _company, 'raw.companies._extra' as place, cast(_extra as varchar) as text
        from raw.companies
        where _extra is not null
        union all
        select _company, 'raw.company_staff._extra' as place, cast(_extra as varchar) as text
        from raw.company_staff
        where _extra is not null
        union all
        select _company, 'raw.contacts._extra' as place, cast(_extra as varchar) as text
        from raw.contacts
        where _extra is not null
        union all
        select _company, 'raw.credits._extra' as place, cast(_extra as varchar) as text
        from raw.credits
        where _extra is not null
        union all
        select _company, 'raw.customer_statuses._extra' as place, cast(_extra as varchar) as text
        from raw.customer_statuses
        where _extra is not null
        union all
        select _company, 'raw.customer_tiers._extra' as place, cast(_extra as varchar) as text
        from raw.customer_tiers
        where _extra is not null
        union all
        select _company, 'raw.customers._extra' as place, cast(_extra as varchar) as text
        from raw.customers
        where _extra is not null
        union all
        select _company, 'raw.inventory_facilities._extra' as place, cast(_extra as varchar) as text
        from raw.inventory_facilities
        where _extra is not null
        union all
        select _company, 'raw.inventory_items._extra' as place, cast(_extra as varchar) as text
        from raw.inventory_items
        where _extra is not null
        union all
        select _company, 'raw.license_types._extra' as place, cast(_extra as varchar) as text
        from raw.license_types
        where _extra is not null
        union all
        select _company, 'raw.licenses._extra' as place, cast(_extra as varchar) as text
        from raw.licenses
        where _extra is not null
        union all
        select _company, 'raw.line_items._extra' as place, cast(_extra as varchar) as text
        from raw.line_items
        where _extra is not null
        union all
        select _company, 'raw.listing_states._extra' as place, cast(_extra as varchar) as text
        from raw.listing_states
        where _extra is not null
        union all
        select _company, 'raw.order_event_logs._extra' as place, cast(_extra as varchar) as text
        from raw.order_event_logs
        where _extra is not null
        union all
        select _company, 'raw.order_payments._extra' as place, cast(_extra as varchar) as text
        from raw.order_payments
        where _extra is not null
        union all
        select _company, 'raw.order_sales_reps._extra' as place, cast(_extra as varchar) as text
        from raw.order_sales_reps
        where _extra is not null
        union all
        select _company, 'raw.orders_delivery_information._extra' as place, cast(_extra as varchar) as text
        from raw.orders_delivery_information
        where _extra is not null
        union all
        select _company, 'raw.orders_received._extra' as place, cast(_extra as varchar) as text
        from raw.orders_received
        where _extra is not null
        union all
        select _company, 'raw.orders_received_comments._extra' as place, cast(_extra as varchar) as text
        from raw.orders_received_comments
        where _extra is not null
        union all
        select _company, 'raw.product_batches._extra' as place, cast(_extra as varchar) as text
        from raw.product_batches
        where _extra is not null
        union all
        select _company, 'raw.product_categories._extra' as place, cast(_extra as varchar) as text
        from raw.product_categories
        where _extra is not null
        union all
        select _company, 'raw.product_images._extra' as place, cast(_extra as varchar) as text
        from raw.product_images
        where _extra is not null
        union all
        select _company, 'raw.product_lines._extra' as place, cast(_extra as varchar) as text
        from raw.product_lines
        where _extra is not null
        union all
        select _company, 'raw.product_subcategories._extra' as place, cast(_extra as varchar) as text
        from raw.product_subcategories
        where _extra is not null
        union all
        select _company, 'raw.products._extra' as place, cast(_extra as varchar) as text
        from raw.products
        where _extra is not null
        union all
        select _company, 'raw.promocodes._extra' as place, cast(_extra as varchar) as text
        from raw.promocodes
        where _extra is not null
        union all
        select _company, 'raw.reports._extra' as place, cast(_extra as varchar) as text
        from raw.reports
        where _extra is not null
        union all
        select _company, 'raw.retailer_inventory._extra' as place, cast(_extra as varchar) as text
        from raw.retailer_inventory
        where _extra is not null
        union all
        select _company, 'raw.strains._extra' as place, cast(_extra as varchar) as text
        from raw.strains
        where _extra is not null
    )
select _company, place, count(*) as texts
from texts
where regexp_matches(
    lower(text),
    '(api_?key|password|passwd|secret|token)"?[ ]*[:=][ ]*"?[a-z0-9+/_-]{8,}'
    || '|authorization: *(app|token) |://[^/@ ]+:[^/@ ]+@'
)
group by _company, place

-- severity: warn
-- Amounts and quantities are below a trillion, prices and quantities of lines below a hundred million: one that is not
-- counts as missing, so that no sum or product leaves what a decimal holds. The first such field of each row is named.
with
    checked as (
        select
            _company,
            'orders_received' as resource,
            number as key,
            case
                when abs(total_amount) >= 1000000000000 then 'total'
                when abs(credits) >= 1000000000000 then 'credits'
                when abs(payment_balance) >= 1000000000000 then 'payment_balance'
                when abs(discount) >= 1000000000000 then 'discount'
                when abs(final_tax) >= 1000000000000 then 'final_tax'
                when abs(tax_amount) >= 1000000000000 then 'tax_amount'
                when abs(shipping_charge_amount) >= 1000000000000 then 'shipping_charge'
            end as field
        from raw.orders_received
        where _deleted_at is null
        union all
        select
            _company,
            'order_payments' as resource,
            cast(id as varchar) as key,
            case
                when abs(total_amount) >= 1000000000000 then 'total'
            end as field
        from raw.order_payments
        where _deleted_at is null
        union all
        select
            _company,
            'credits' as resource,
            cast(id as varchar) as key,
            case
                when abs(amount_amount) >= 1000000000000 then 'amount'
            end as field
        from raw.credits
        where _deleted_at is null
        union all
        select
            _company,
            'products' as resource,
            cast(id as varchar) as key,
            case
                when abs(quantity) >= 1000000000000 then 'quantity'
                when abs(reserved_qty) >= 1000000000000 then 'reserved_qty'
                when abs(available_inventory) >= 1000000000000 then 'available_inventory'
                when abs(wholesale_price_amount) >= 100000000 then 'wholesale_price'
                when abs(sale_price_amount) >= 100000000 then 'sale_price'
                when abs(retail_price_amount) >= 100000000 then 'retail_price'
            end as field
        from raw.products
        where _deleted_at is null
        union all
        select
            _company,
            'line_items' as resource,
            cast(id as varchar) as key,
            case
                when abs(ordered_unit_price_amount) >= 100000000 then 'ordered_unit_price'
                when abs(sale_price_amount) >= 100000000 then 'sale_price'
                when abs(wholesale_price) >= 100000000 then 'wholesale_price'
                when abs(quantity) >= 100000000 then 'quantity'
            end as field
        from raw.line_items
        where _deleted_at is null
        union all
        select lines._company, 'line_items' as resource, cast(lines.id as varchar) as key, 'price x quantity' as field
        from raw.line_items as lines
        join intermediate.line_amounts as amounts on amounts._company = lines._company and amounts.line_id = lines.id
        where amounts.line_amount is null
            and amounts.quantity is not null
            and abs(
                case when amounts.is_on_sale then lines.sale_price_amount else lines.ordered_unit_price_amount end
            ) < 100000000
    )
select _company, resource, key, field
from checked
where field is not null

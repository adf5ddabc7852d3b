-- severity: error
-- No mart has two rows of the same grain, and what cannot be missing in a grain is there.
with
    keys as (
        select
            'ar_aging' as mart,
            _company,
            cast(null as bigint) as seller_id,
            order_number as key,
            cast(null as varchar) as currency,
            order_number is null as is_missing
        from marts.ar_aging
        union all
        select
            'ar_aging_by_customer' as mart,
            _company,
            seller_id,
            cast(customer_id as varchar) as key,
            currency,
            false as is_missing
        from marts.ar_aging_by_customer
        union all
        select
            'brand_performance' as mart,
            _company,
            seller_id,
            concat(coalesce(cast(brand_id as varchar), ''), ' ', cast(month as varchar)) as key,
            currency,
            month is null as is_missing
        from marts.brand_performance
        union all
        select
            'sell_through' as mart,
            _company,
            seller_id,
            cast(product_id as varchar) as key,
            cast(null as varchar) as currency,
            product_id is null as is_missing
        from marts.sell_through
    )
select mart, _company, seller_id, key, currency, count(*) as row_count
from keys
group by mart, _company, seller_id, key, currency
having count(*) > 1 or max(case when is_missing or _company is null then 1 else 0 end) = 1

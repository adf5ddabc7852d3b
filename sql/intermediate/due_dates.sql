-- One row per live order that is billed or to be billed: when it falls due, and how that is known.
-- The due date is LeafLink's own, else the invoice date and the days of the payment term: those of the selected payment
-- option, else what that option's code or text says, else what the order's text says.
with
    orders as (select * from staging.orders_received where is_receivable or is_committed),
    terms as (select * from seeds.payment_terms),
    texts as (
        select
            *,
            -- Written in many ways: "Net 30", "net30", "NET-30 days", "C.O.D."
            translate(lower(option_term_code), ' .-_', '') as code_text,
            translate(lower(option_term), ' .-_', '') as option_text,
            translate(lower(payment_term), ' .-_', '') as order_text
        from orders
    ),
    read as (
        select
            texts.*,
            coalesce(
                case when option_term_days between 0 and 9999 then cast(option_term_days as integer) end,
                try_cast(regexp_extract(code_text, '^net([0-9]{1,4})(days?)?$', 1) as integer),
                by_code.days,
                try_cast(regexp_extract(option_text, '^net([0-9]{1,4})(days?)?$', 1) as integer),
                by_option.days,
                try_cast(regexp_extract(order_text, '^net([0-9]{1,4})(days?)?$', 1) as integer),
                by_order.days
            ) as term_days
        from texts
        left join terms as by_code on by_code.term = texts.code_text
        left join terms as by_option on by_option.term = texts.option_text
        left join terms as by_order on by_order.term = texts.order_text
    )
select
    _company,
    order_number,
    term_days,  -- Days of the payment term; null where no text says them.
    -- Payment due date, else invoice_date and term_days; null when neither is known.
    coalesce(payment_due_date, cast(invoice_date + term_days as date)) as due_date,
    -- How the due date is known: payment_due_date, terms or none.
    case
        when payment_due_date is not null then 'payment_due_date'
        when term_days is not null then 'terms'
        else 'none'
    end as due_basis
from read

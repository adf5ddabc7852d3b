-- One row per order, in any status. Sums cover the lines in the order's own currency, samples apart.
-- key: _company, order_number
-- needs: orders_received, line_items, products, customers, order_payments
with
    orders as (select * from staging.orders_received),
    balances as (select * from intermediate.order_balances),
    sums as (select * from intermediate.order_discounts),
    due_dates as (select * from intermediate.due_dates),
    customers as (select * from staging.customers),
    sellers as (select * from staging.companies),
    reps as (select * from intermediate.rep_lists),
    joined as (
        select
            orders.*,
            balances.is_billed,
            balances.is_credits_netted,
            balances.paid,
            balances.last_payment_date,
            balances.billed,
            balances.implied_paid,
            balances.open_balance,
            balances.settled_date,
            sellers.company_name as seller_name,
            coalesce(customers.customer_name, orders.customer_name) as door_name,
            customers.state as customer_state,
            due_dates.due_date,
            due_dates.due_basis,
            due_dates.term_days,
            reps.reps,
            coalesce(reps.rep_count, 0) as rep_count,
            sums.line_count,
            sums.sample_count,
            sums.units,
            sums.cases,
            sums.list_sales,
            sums.gross_sales,
            sums.on_sale_sales,
            sums.sample_amount,
            sums.lines_amount,
            sums.discount_amount,
            cast(round(orders.tax_amount, 2) as decimal(38, 2)) as tax,
            cast(round(orders.shipping_amount, 2) as decimal(38, 2)) as shipping,
            cast(round(coalesce(orders.total_amount, 0), 2) as decimal(38, 2)) as total,
            cast(round(orders.credits, 2) as decimal(38, 2)) as applied_credits,
            coalesce(orders.is_booked and orders.order_date <= getvariable('as_of') and sums.has_sale_line, false) as is_sale
        from orders
        join balances on balances._company = orders._company and balances.order_number = orders.order_number
        join sums on sums._company = orders._company and sums.order_number = orders.order_number
        left join due_dates on due_dates._company = orders._company and due_dates.order_number = orders.order_number
        left join customers on customers._company = orders._company and customers.customer_id = orders.customer_id
        left join sellers on sellers._company = orders._company and sellers.company_id = orders.seller_id
        left join reps on reps._company = orders._company and reps.order_number = orders.order_number
    ),
    scaled as (  -- ratios are divided in cents, since dividing decimals gives doubles
        select
            *,
            gross_sales - discount_amount as net_sales,
            cast(discount_amount * 100 as hugeint) as discount_cents,
            cast(gross_sales * 100 as hugeint) as gross_cents,
            cast(list_sales * 100 as hugeint) as list_cents,
            cast((gross_sales - discount_amount) * 100 as hugeint) as net_cents
        from joined
    )
select
    cast(_company as varchar) as _company,  -- Company of the configuration that the order belongs to.
    cast(order_number as varchar) as order_number,  -- LeafLink's key of the order.
    cast(short_id as varchar) as short_id,  -- Number of the order that people see; it can change.
    cast(status as varchar) as status,  -- Status of the order as known now.
    cast(seller_id as bigint) as seller_id,  -- Selling company.
    cast(seller_name as varchar) as seller_name,  -- Name of the selling company.
    cast(customer_id as bigint) as customer_id,  -- The seller's record of a customer: a door.
    cast(door_name as varchar) as customer_name,  -- Nickname of the customer, else its name, else the order's word.
    cast(customer_state as varchar) as customer_state,  -- State of the customer.
    cast(order_date as date) as order_date,  -- Local date of created_on.
    cast(invoice_date as date) as invoice_date,  -- Local date of ship_date, else order_date.
    -- Local date of payment_due_date, else invoice_date and the days of the term; null unless receivable or committed.
    cast(due_date as date) as due_date,
    cast(date_diff('day', order_date, getvariable('as_of')) as integer) as days_ago,  -- as_of - order_date.
    cast(currency as varchar) as currency,  -- Currency of every amount in the row.
    cast(is_sale as boolean) as is_sale,  -- Whether it counts in sales: booked, of as_of or earlier, with a sale line.
    cast(is_billed as boolean) as is_billed,  -- Whether it counts in receivables: Shipped or Complete, invoiced by as_of.
    cast(seller_number as varchar) as seller_number,  -- The seller's own number of the order, else short_id.
    cast(buyer_id as bigint) as buyer_id,  -- Buying company.
    cast(classification as varchar) as classification,  -- Adult Use or Medical.
    cast(is_booked as boolean) as is_booked,  -- Whether the status counts as a sale.
    cast(is_receivable as boolean) as is_receivable,  -- Whether the status is billed: Shipped or Complete.
    cast(is_committed as boolean) as is_committed,  -- Whether the status is accepted but not yet shipped.
    cast(is_combination as boolean) as is_combination,  -- Whether it was combined from other orders.
    cast(is_manual as boolean) as is_manual,  -- Whether the seller entered it.
    cast(created_at as timestamptz) as created_at,  -- When it was created.
    cast(modified_at as timestamptz) as modified_at,  -- When it was last modified.
    cast(ship_date as date) as ship_date,  -- Local date on which it ships; null until known.
    -- Term of the selected payment option, else payment_term.
    cast(coalesce(nullif(option_term, ''), nullif(payment_term, '')) as varchar) as terms,
    cast(term_days as integer) as term_days,  -- Days of the term; null when unreadable, or unless receivable or committed.
    cast(due_basis as varchar) as due_basis,  -- How due_date is known: payment_due_date, terms or none.
    cast(reps as varchar) as reps,  -- Names of the reps on the order.
    cast(rep_count as bigint) as rep_count,  -- How many reps are on it.
    cast(line_count as bigint) as lines,  -- Lines that are no samples.
    cast(sample_count as bigint) as sample_lines,  -- Sample lines.
    cast(units as decimal(38, 4)) as units,  -- Base units of the lines that are no samples.
    cast(cases as decimal(38, 4)) as cases,  -- Their cases: units / unit_multiplier.
    cast(list_sales as decimal(38, 2)) as list_sales,  -- Their list amounts.
    cast(gross_sales as decimal(38, 2)) as gross_sales,  -- Their line amounts, before discount.
    cast(on_sale_sales as decimal(38, 2)) as on_sale_sales,  -- Line amounts of those at a sale price.
    cast(discount_type as varchar) as discount_type,  -- % or $.
    cast(discount as decimal(38, 4)) as discount_value,  -- The discount as entered.
    cast(discount_amount as decimal(38, 2)) as discount,  -- % of the unrounded line amounts, or the amount; at most these.
    cast(net_sales as decimal(38, 2)) as net_sales,  -- gross_sales - discount.
    -- discount / gross_sales.
    cast(
        cast(
            (20000 * discount_cents + case when discount_cents < 0 then -abs(gross_cents) else abs(gross_cents) end)
            // nullif(2 * gross_cents, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as discount_rate,
    -- net_sales / list_sales.
    cast(
        cast(
            (20000 * net_cents + case when net_cents < 0 then -abs(list_cents) else abs(list_cents) end)
            // nullif(2 * list_cents, 0)
            as decimal(38, 0)
        ) * 0.0001 as decimal(38, 4)
    ) as realization,
    cast(sample_amount as decimal(38, 2)) as sample_amount,  -- Line amounts of the samples.
    cast(tax as decimal(38, 2)) as tax,  -- final_tax, else a tax in $.
    cast(shipping as decimal(38, 2)) as shipping,  -- Shipping charge.
    cast(total as decimal(38, 2)) as total,  -- Total as LeafLink gives it; 0 without one.
    -- total - (amounts of all lines - discount + tax + shipping, - credits where the company's totals net them).
    cast(
        total - (
            lines_amount - discount_amount + tax + shipping - case when is_credits_netted then applied_credits else 0 end
        ) as decimal(38, 2)
    ) as total_gap,
    cast(applied_credits as decimal(38, 2)) as credits,  -- Credits applied to the order.
    -- Signed sum of the payments in the order's currency (or in none) dated on or before as_of.
    cast(paid as decimal(38, 2)) as paid,
    cast(last_payment_date as date) as last_payment_date,  -- Latest local date of these payments.
    cast(round(payment_balance, 2) as decimal(38, 2)) as reported_balance,  -- payment_balance as LeafLink gives it now.
    cast(is_llf_financed as boolean) as is_llf_financed,  -- Whether LeafLink Financial pays the order.
    -- total - credits (total alone where totals net credits). Null unless billed, or committed by as_of.
    cast(billed as decimal(38, 2)) as billed,
    -- What counts as paid because the order is ticked paid by as_of and has no payment row at all. Null like billed.
    cast(implied_paid as decimal(38, 2)) as implied_paid,
    cast(open_balance as decimal(38, 2)) as open_balance,  -- billed - paid - implied_paid. Null like billed.
    cast(settled_date as date) as settled_date,  -- Date of that tick, else last_payment_date. Null like billed.
    cast(getvariable('as_of') as date) as as_of  -- The date that the row is computed for.
from scaled

-- One row per open order: ar_aging under the name of LeafLink's report.
-- key: _company, order_number
-- needs: orders_received, line_items, products, order_payments, customers
-- kind: view
select * from marts.ar_aging

-- One row per payment: fct_payments under the name of LeafLink's report.
-- key: _company, payment_id
-- needs: order_payments, orders_received, customers
-- kind: view
select * from marts.fct_payments

-- Graduated overage: [{"up_to": 100, "amount": "0.02"}, {"up_to": null, "amount": "0.01"}]. The n-th
-- conversion past the limit of a usage period costs what its tier says. A type with a price of its
-- own keeps that one; the first tier's price also stands in overage_amount.
ALTER TABLE subscription_plan_prices ADD COLUMN overage_tiers jsonb;
-- As they were at admission, like the rest of the reservation.
ALTER TABLE active_conversions ADD COLUMN overage_tiers jsonb;
ALTER TYPE admission_decision ADD ATTRIBUTE overage_tiers jsonb;

-- Names what this database makes at its account, so that two of them may share one account without
-- taking each other's products and prices for their own.
ALTER TABLE billing_account ADD COLUMN installation text NOT NULL;

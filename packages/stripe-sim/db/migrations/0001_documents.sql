-- Every object of the simulator is one row. `json`, not `jsonb`: the order of the fields is kept.
CREATE TABLE stripe_sim.documents (
  kind text NOT NULL,
  id text NOT NULL,
  seq bigint NOT NULL,
  document json NOT NULL,
  PRIMARY KEY (kind, id)
);

-- Workspaces by who made them, deleted ones too: one person may make ten a month.
CREATE INDEX audit_log_creations ON audit_log (actor_id, created_at)
  WHERE action = 'workspace.created';

-- An invoice as it goes onto the wire (`invoice`); with its lines in their order where they are wanted.
CREATE OR REPLACE FUNCTION invoice_object(
  _organization_id text, _invoice_id text, _with_lines boolean
) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', i.id, 'object', 'invoice', 'workspace_id', i.organization_id,
      'number', i.number, 'status', i.status, 'reason', i.reason, 'currency', i.currency,
      'total_minor', i.total_minor,
      'balance_applied_minor', i.total_minor - i.amount_due_minor,
      'amount_due_minor', i.amount_due_minor, 'amount_paid_minor', i.amount_paid_minor,
      'amount_remaining_minor', i.amount_remaining_minor, 'credited_minor', i.credited_minor,
      'period', jsonb_build_object('start', rfc3339(i.period_start), 'end', rfc3339(i.period_end)),
      'created_at', rfc3339(i.created_at), 'finalized_at', rfc3339(i.finalized_at),
      'due_at', rfc3339(i.due_at), 'next_attempt_at', rfc3339(i.next_attempt_at),
      'paid_at', rfc3339(i.paid_at), 'voided_at', rfc3339(i.voided_at),
      'hosted_invoice_url', i.hosted_invoice_url)
    || CASE WHEN _with_lines THEN jsonb_build_object('lines', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('id', l.id, 'object', 'invoice_line',
            'kind', l.kind, 'description', l.description, 'quantity', l.quantity,
            'unit_amount', l.unit_amount::text, 'amount_minor', l.amount_minor,
            'period', jsonb_build_object('start', rfc3339(l.period_start),
              'end', rfc3339(l.period_end)),
            'type', b.type) ORDER BY l.position), '[]')
        FROM invoice_lines l
        LEFT JOIN overage_bill_lines b ON b.organization_id = l.organization_id
          AND b.usage_period_start = l.bill_start AND b.position = l.bill_position
        WHERE l.organization_id = i.organization_id AND l.invoice_id = i.id))
      ELSE '{}' END
  FROM invoices i WHERE i.organization_id = _organization_id AND i.id = _invoice_id
$$;

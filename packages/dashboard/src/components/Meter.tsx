interface MeterProps {
  label: string;
  used: number;
  /** Running: not counted yet, and taken all the same. */
  reserved?: number;
  limit: number | null;
}

/** How much of a limit is gone. Nothing is drawn where there is no limit. */
export function Meter({ label, used, reserved = 0, limit }: MeterProps) {
  if (limit === null) return null;
  const share = (value: number) => (limit === 0 ? 100 : Math.min(100, (value / limit) * 100));
  const percent = share(used + reserved);
  const tone = percent >= 100 ? 'bad' : percent >= 80 ? 'warn' : 'good';
  return (
    <div
      className="meter"
      data-tone={tone}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={limit}
      aria-valuenow={Math.min(used + reserved, limit)}
    >
      <span style={{ width: `${share(used)}%` }} />
      {reserved > 0 ? <span style={{ width: `${share(reserved)}%`, opacity: 0.45 }} /> : null}
    </div>
  );
}

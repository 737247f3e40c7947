/** The product's mark: a corner that turns into a circle. */
export function Mark({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#0d6b58" />
      <path
        d="M8 22V10l6 6.5"
        fill="none"
        stroke="#fff"
        strokeWidth="3"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
      <circle cx="20.5" cy="17.5" r="5" fill="none" stroke="#9be3c8" strokeWidth="3" />
    </svg>
  );
}

/** Outlines on a grid of 24, drawn with a stroke of 1.7. */
const outlines = {
  convert: 'M4 8h12l-3-3M20 16H8l3 3',
  overview: 'M4 13h6V4H4zM14 20h6v-9h-6zM14 7h6V4h-6zM4 20h6v-3H4z',
  conversions: 'M4 6h16M4 12h16M4 18h10',
  usage: 'M5 20V11M12 20V4M19 20v-6',
  billing: 'M3 7h18v11H3zM3 11h18M7 15h3',
  team: 'M9 11a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 9 11zM3 20c0-3.3 2.7-5.5 6-5.5s6 2.2 6 5.5M16 5a3 3 0 0 1 0 6M21 20c0-2.6-1.5-4.4-3.6-5.1',
  keys: 'M14.5 9.5a4 4 0 1 0-3.6 4L13 15.6h2v2h2v2h3v-3l-5.7-5.7',
  webhooks: 'M8 8a4 4 0 1 1 6 3.4l3 5.2M12 9l-3.5 6.4M6.5 13a4 4 0 1 0 4 5.5H17a3 3 0 1 0 2-4',
  notifications: 'M6 16V11a6 6 0 1 1 12 0v5l1.5 2h-15zM10 20.5h4',
  audit: 'M7 3h7l4 4v14H7zM14 3v4h4M10 12h5M10 16h5',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 7a2 2 0 1 0 .01 0M9 17a2 2 0 1 0 .01 0',
  snippets: 'M8 8l-4 4 4 4M16 8l4 4-4 4M13.5 5l-3 14',
  mail: 'M3 6h18v12H3zM3.5 7l8.5 6.5L20.5 7',
  organizations: 'M4 20V6l7-3v17M11 9h9v11M4 20h16M14.5 12.5h2M14.5 16h2M7 9h1.5M7 13h1.5',
  plans: 'M12 3l9 5-9 5-9-5zM3 12.5l9 5 9-5M3 17l9 5 9-5',
  revenue: 'M4 17l5-6 4 3.5L20 6M15 6h5v5',
  events: 'M13 3L5 14h6l-1 7 8-11h-6z',
  health: 'M3 12h4l2.5-6 4 13L16 12h5',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2',
  menu: 'M4 7h16M4 12h16M4 17h16',
  chevrons: 'M8 10l4-4 4 4M8 14l4 4 4-4',
  upload: 'M12 16V5M7.5 9L12 4.5 16.5 9M4 19.5h16',
  file: 'M7 3h7l4 4v14H7zM14 3v4h4',
} as const;

export type IconName = keyof typeof outlines;

/** A decoration: what it stands for is written beside it. */
export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.7"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={outlines[name]} />
    </svg>
  );
}

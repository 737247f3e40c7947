import {
  createTheme,
  Modal,
  type CSSVariablesResolver,
  type MantineColorsTuple,
} from '@mantine/core';

/** Deep green, the one colour of the product; everything else is warm grey. */
const spruce: MantineColorsTuple = [
  '#ecf8f4',
  '#d5eee5',
  '#a9dccb',
  '#79c9af',
  '#52b896',
  '#34a582',
  '#1d8d6d',
  '#0d6b58',
  '#0a5648',
  '#07433a',
];

const stone: MantineColorsTuple = [
  '#faf9f7',
  '#f4f2ee',
  '#e9e6e0',
  '#dcd8d0',
  '#c3beb4',
  '#9b958a',
  '#6b665d',
  '#524e47',
  '#37342f',
  '#211f1c',
];

const night: MantineColorsTuple = [
  '#e9e7e3',
  '#c9c6c0',
  '#a5a29b',
  '#7d7a74',
  '#4a4843',
  '#35332f',
  '#262522',
  '#1c1b19',
  '#151413',
  '#0f0e0d',
];

const systemFont =
  'Inter, -apple-system, "Segoe UI", Roboto, "Noto Sans", Cantarell, "Helvetica Neue", Arial, ' +
  'sans-serif';

export const theme = createTheme({
  primaryColor: 'spruce',
  primaryShade: { light: 7, dark: 4 },
  colors: { spruce, gray: stone, dark: night },
  fontFamily: systemFont,
  fontFamilyMonospace:
    'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  headings: { fontFamily: systemFont, fontWeight: '600' },
  defaultRadius: 'md',
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  components: {
    Modal: Modal.extend({ defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } }),
  },
});

/** Colours with a meaning, for both schemes; `theme.css` uses them by name. */
export const resolveVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#ffffff',
    '--mantine-color-text': '#211f1c',
    '--mantine-color-dimmed': '#656057',
    '--mantine-color-placeholder': '#736e65',
    '--mantine-color-anchor': '#0d6b58',
    '--page-back': '#faf9f7',
    '--page-line': '#e6e2db',
    '--page-soft': '#f4f2ee',
    '--page-accent': '#0d6b58',
    '--page-good': '#0a6b4f',
    '--page-warn': '#8a5200',
    '--page-bad': '#b02a23',
  },
  dark: {
    '--mantine-color-body': '#1c1b19',
    '--mantine-color-text': '#e9e7e3',
    '--mantine-color-dimmed': '#a5a29b',
    '--mantine-color-placeholder': '#98958e',
    '--mantine-color-anchor': '#79c9af',
    // White on it is readable, which it is not on the lighter shade of links and bars.
    '--mantine-color-spruce-filled': '#137a62',
    '--mantine-color-spruce-filled-hover': '#106852',
    '--mantine-primary-color-filled': '#137a62',
    '--mantine-primary-color-filled-hover': '#106852',
    '--page-back': '#141312',
    '--page-line': '#34322e',
    '--page-soft': '#24231f',
    '--page-accent': '#52b896',
    '--page-good': '#6fd0ac',
    '--page-warn': '#e9b45c',
    '--page-bad': '#ff9a8f',
  },
});

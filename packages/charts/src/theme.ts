/** Colours of everything that is no data; the text colours keep a contrast of 4.5 on the paper. */
export const paper = '#ffffff';
export const ink = '#1c2530';
export const muted = '#5a6674';
export const faint = '#e4e8ed';
export const good = '#00795a';
export const bad = '#b3470a';

/** Inter ships with the package for PNGs; a browser that lacks it takes its own font. */
export const fontFamily = "Inter, system-ui, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif";

/** What makes every Vega chart look alike. */
export const vegaConfig = {
  background: paper,
  font: fontFamily,
  padding: 20,
  view: { stroke: null },
  title: {
    anchor: 'start',
    frame: 'bounds',
    color: ink,
    fontSize: 16,
    fontWeight: 600,
    subtitleColor: muted,
    subtitleFontSize: 12.5,
    subtitlePadding: 6,
    offset: 18,
  },
  axis: {
    aria: false,
    domainColor: '#aeb7c2',
    gridColor: faint,
    labelColor: muted,
    labelFontSize: 11.5,
    labelPadding: 6,
    ticks: false,
    titleColor: muted,
    titleFontSize: 12,
    titleFontWeight: 400,
    titlePadding: 12,
  },
  // Charts hand over valid numbers only, so nothing has to be filtered; the chart's description says more than a list of marks.
  mark: { invalid: 'show', aria: false },
  text: { color: ink, fontSize: 12 },
} as const;

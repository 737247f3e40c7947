import '@mantine/charts/styles.css';
import { BarChart } from '@mantine/charts';

interface BarsOverTimeProps {
  /** Read out in place of the picture. */
  label: string;
  data: Record<string, string | number>[];
  /** The member of `data` that names the bar. */
  nameOf: string;
  series: { name: string; label: string; color: string }[];
}

/** Stacked bars; loaded when there is something to draw, for the library is large. */
export function BarsOverTime({ label, data, nameOf, series }: BarsOverTimeProps) {
  return (
    <div role="img" aria-label={label}>
      <BarChart
        h={240}
        data={data}
        dataKey={nameOf}
        type="stacked"
        series={series}
        tickLine="none"
        gridAxis="x"
        withLegend={series.length > 1}
        legendProps={{ verticalAlign: 'bottom' }}
        maxBarWidth={28}
        barProps={{ isAnimationActive: false, radius: 2 }}
        yAxisProps={{ allowDecimals: false, width: 40 }}
      />
    </div>
  );
}

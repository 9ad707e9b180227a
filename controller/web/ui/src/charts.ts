// ECharts, with nothing in it that the page does not use. A file of its own, loaded with the first chart.
// Everything is drawn on a canvas, tooltips too: no text of a user ever becomes markup.
import {CustomChart, LineChart, ParallelChart, ScatterChart} from "echarts/charts";
import {DataZoomComponent, GridComponent, ParallelComponent, TooltipComponent, VisualMapContinuousComponent} from "echarts/components";
import {init, use} from "echarts/core";
import type {ECharts, EChartsCoreOption} from "echarts/core";
import {CanvasRenderer} from "echarts/renderers";

use([
  CustomChart, LineChart, ParallelChart, ScatterChart, DataZoomComponent, GridComponent, ParallelComponent,
  TooltipComponent, VisualMapContinuousComponent, CanvasRenderer,
]);

export type Option = EChartsCoreOption;
export type Instance = ECharts;
export function mount(el: HTMLElement): ECharts {
  return init(el, null, {renderer: "canvas"});
}

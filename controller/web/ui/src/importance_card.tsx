// Parameter importance as a table that is its own chart: the share, its spread, and the correlation.
import {useMemo} from "preact/hooks";
import {importances} from "./importance";
import type {Points, Sweep} from "./types";
import {Card, Empty, Scroller} from "./ui";

const percent = (n: number) => Math.round(n * 100) + "%";

export function ImportanceCard({sweep, points}: {sweep: Sweep; points: Points}) {
  const rows = useMemo(() => importances(points.config, points.columns.value), [points]);
  const metric = sweep.metric.name ?? "the metric";
  return (
    <Card title="Parameter importance">
      {rows.length === 0 && <Empty>It takes at least 12 runs with a value, and a parameter that varies.</Empty>}
      {rows.length > 0 && (
        <>
          <Scroller label="Parameter importance">
            <table>
              <thead>
                <tr>
                  <th scope="col">Parameter</th>
                  <th scope="col">Share of what explains {metric}</th>
                  <th scope="col" class="num">Correlation</th>
                </tr>
              </thead>
              <tbody>
                {rows.map((r) => {
                  const low = Math.max(0, r.share - r.spread);
                  const high = Math.min(1, r.share + r.spread);
                  return (
                    <tr key={r.name}>
                      <th scope="row">{r.name}</th>
                      <td class="nowrap">
                        <span class="bar" aria-hidden="true">
                          <i style={{left: 0, width: percent(r.share)}} />
                          <u style={{left: percent(low), width: percent(high - low)}} />
                        </span>{" "}
                        {percent(r.share)} <small>± {percent(r.spread)}</small>
                      </td>
                      <td class="num">{r.correlation === null ? "–" : (r.correlation > 0 ? "+" : "") + r.correlation.toFixed(2)}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </Scroller>
          <small>A forest of randomised trees; ± is the spread between trees. Correlation is Spearman's.</small>
        </>
      )}
    </Card>
  );
}

/** Choosing one of the rotary tables of a normal form; what is missing is named. */
import { integer, object } from '../runtime/arguments.ts';
import { show } from '../runtime/errors.ts';
import type { NormalForm, RotaryLayer } from './normalForm.ts';
import { refuse } from './read.ts';

export interface TableChoice {
  /** A key of `layerTypes`; needed when there are several. */
  readonly layerType?: string;
  /** Number of positions (highest + 1); needed by frequencies that depend on it. */
  readonly context?: number;
}

/**
 * @param call the call that the choice belongs to, up to its options: what is missing is asked for there
 * @throws PosencError ERR_CONFIG with what to pass
 */
export function chooseLayer(
  form: Pick<NormalForm, 'family' | 'modelType' | 'layerTypes' | 'axial' | 'maxPositionEmbeddings'>,
  choice: TableChoice,
  call: string,
): { readonly label: string; readonly layer: RotaryLayer; readonly context: number | undefined } {
  object(call.slice(0, call.indexOf('(')), form);
  const labels = Object.keys(form.layerTypes ?? {});
  const { layerType } = choice;
  const context =
    choice.context === undefined ? undefined : integer('context', choice.context, 1, Number.MAX_SAFE_INTEGER);
  const listed = labels.map((name) => `'${name}'`).join(' or ');
  if (layerType !== undefined && !labels.includes(layerType)) {
    const known = labels.length ? `it has ${listed}` : `its family is '${form.family}'`;
    refuse('layerType', `no layer type ${show(layerType)} in this model; ${known}`);
  }
  if (form.axial) {
    const grid = form.axial.rows.grid === undefined ? 'grid: [rows, columns], ' : '';
    refuse(
      'rotary',
      `model type '${form.modelType}' is a tower that turns by the axes of a grid; its table is axialTable(form.axial.spec, { ${grid}...form.axial.rows })`,
    );
  }
  if (!form.layerTypes || labels.length === 0) {
    refuse('rotary', `model type '${form.modelType}' is of the family '${form.family}' and has no rotary table`);
  }
  const label = layerType ?? labels[0];
  if (layerType === undefined && labels.length > 1) {
    refuse(
      'rotary',
      `this model has ${labels.length} rotary tables; pass layerType: ${listed}, as in ${call}, { layerType: '${labels[0]}' })`,
    );
  }
  const layer = form.layerTypes[label];
  if (layer.lengthDependent && context === undefined) {
    const { rule, threshold } = layer.lengthDependent;
    refuse(
      'rotary',
      `the frequencies of rope type '${rule}' change beyond ${threshold} positions; pass context: the highest position + 1, as in ${call}, { context: ${Math.max(form.maxPositionEmbeddings ?? 0, threshold + 1)} })`,
    );
  }
  return { label, layer, context };
}

/**
 * A specification, or a model's form as fromHF and fromGGUF return it. What stands beside a form's own fields is refused: a
 * `precision` there would be read by nobody.
 */
import { object } from '../runtime/arguments.ts';
import { PosencError } from '../runtime/errors.ts';
import type { LooseSpec, RotarySpec } from './spec.ts';

/** The fields of a NormalForm (models/normalForm.ts; a test compares them). */
export const FORM_FIELDS = {
  family: true,
  modelType: true,
  rotary: true,
  layerTypes: true,
  layers: true,
  indexer: true,
  queryScale: true,
  attentionChunk: true,
  rotaryValue: true,
  axial: true,
  vision: true,
  visionEncoder: true,
  audioEncoder: true,
  parameters: true,
  calls: true,
  encoder: true,
  decoder: true,
  note: true,
  maxPositionEmbeddings: true,
  consumed: true,
  assumed: true,
  warnings: true,
  source: true,
} as const;

/** What fromHF and fromGGUF return, as it is: its specification is `rotary`, and options of one beside it are refused. */
export type RotaryModel = { readonly rotary: RotarySpec } & {
  readonly [K in Exclude<keyof LooseSpec, 'maxPositionEmbeddings'>]?: undefined;
};

/** A specification, or what fromHF and fromGGUF return. */
export type RotaryInput = RotarySpec | RotaryModel;

/** @internal The specification that a call was given. @throws what reading a form's `rotary` throws; ERR_OPTION */
export function specOf(name: string, model: RotaryInput): RotarySpec {
  object(name, model);
  if (!('rotary' in model)) {
    if ('model_type' in model) {
      throw new PosencError('ERR_OPTION', `${name}: got a config.json; read it first: ${name}(fromHF(config), ...)`);
    }
    if ('cos' in model) {
      throw new PosencError('ERR_OPTION', `${name}: got a table; pass the specification it was made of`);
    }
    if (!('layerTypes' in model)) return model;
    throw new PosencError(
      'ERR_OPTION',
      `${name}: this copy of a form has lost its specification; pass the form itself, or a layerTypes[...].spec`,
    );
  }
  for (const key of Object.keys(model)) {
    if (key in FORM_FIELDS || model[key as 'rotary'] === undefined) continue;
    throw new PosencError(
      'ERR_OPTION',
      `${key}: not read beside a model's form; say it where the model is read, fromHF(config, { ${key} }), or in { ...form.rotary, ${key} }`,
    );
  }
  return model.rotary;
}

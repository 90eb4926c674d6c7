/**
 * The record of one call of the kernel `rotate`, which rotateStep makes again and again: byte offsets of its int32 fields, named
 * after the parameters of rotate and read by both languages. Nothing but `export const NAME = integer;` may stand here.
 */
export const CALL_OUT = 0;
export const CALL_X = 4;
export const CALL_COS = 8;
export const CALL_SIN = 12;
export const CALL_PARTNER = 16;
export const CALL_ROWS = 20;
export const CALL_PAIRS = 24;
export const CALL_ROW_BYTES = 28;
export const CALL_MODE = 32;
export const CALL_TEMP = 36;
export const CALL_N0 = 40;
export const CALL_N1 = 44;
export const CALL_N2 = 48;
export const CALL_X0 = 52;
export const CALL_X1 = 56;
export const CALL_X2 = 60;
export const CALL_OUT0 = 64;
export const CALL_OUT1 = 68;
export const CALL_OUT2 = 72;
export const CALL_T0 = 76;
export const CALL_T1 = 80;
export const CALL_T2 = 84;
export const CALL_I0 = 88;
export const CALL_I1 = 92;
export const CALL_I2 = 96;
export const CALL_BYTES = 100;

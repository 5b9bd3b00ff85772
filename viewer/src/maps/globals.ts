export { bytes, floats } from "./decode";
export { blend, mix, place, sample } from "./place";
export { rowOf, scaled, short } from "./scale";
export { paintScale } from "./paint";

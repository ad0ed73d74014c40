// Preloaded into a gateway: its clock is five seconds late.
const LATE_MS = 5_000;
const RealDate = Date;

class LateDate extends RealDate {
  constructor(...args: [] | [number | string | Date]) {
    if (args.length === 0) super(LateDate.now());
    else super(...args);
  }

  static override now(): number {
    return RealDate.now() - LATE_MS;
  }
}

globalThis.Date = LateDate as DateConstructor;

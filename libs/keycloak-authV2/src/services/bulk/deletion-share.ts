/** Of the live users: more than this share do not become tombstones unless it is allowed. */
const DELETION_SHARE = 0.01;
/** So few may always. */
const FEW_DELETIONS = 10;

/** @param live how many live local users there are */
export function mayDelete(absent: number, live: number, allowDeletes: boolean | undefined): boolean {
  return allowDeletes === true || absent <= Math.max(FEW_DELETIONS, Math.floor(live * DELETION_SHARE));
}

/** 3 to 40 characters of a-z, 0-9 and single hyphens, so that `ALIAS--SITE` can be split again. */
export const ALIAS_PATTERN = '^(?=.{3,40}$)[a-z0-9]+(-[a-z0-9]+)*$';

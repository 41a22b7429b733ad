/** A folder that has this file is a data folder. */
export const FORMAT_FILE = 'skerry-data.json';

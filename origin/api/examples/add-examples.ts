import { accessExamples } from './access.ts';
import { contentExamples } from './content.ts';
import type { Example, Examples } from './example.ts';
import { fleetExamples } from './fleet.ts';

const examples: Examples = { ...contentExamples, ...fleetExamples, ...accessExamples };
const JSON_TYPE = 'application/json';

/** The parts of an OpenAPI document that hold examples. */
interface Media {
  example?: unknown;
}
interface WithContent {
  readonly content?: Readonly<Record<string, Media | undefined>>;
}
interface Operation {
  readonly requestBody?: WithContent;
  readonly responses?: Readonly<Record<string, WithContent | undefined>>;
}

/** Adds the examples to an OpenAPI document, in place. */
export function addExamples(paths: Readonly<Record<string, object | undefined>>): void {
  for (const [path, operations] of Object.entries(paths))
    for (const [method, operation] of Object.entries(operations ?? {}))
      addExample(operation as Operation, examples[`${method.toUpperCase()} ${path}`]);
}

function addExample({ requestBody, responses = {} }: Operation, example: Example | undefined): void {
  if (example === undefined) return;
  const asked = requestBody?.content?.[JSON_TYPE];
  if (asked !== undefined && example.request !== undefined) asked.example = example.request;
  for (const [status, answer] of Object.entries(responses)) {
    const answered = answer?.content?.[JSON_TYPE];
    if (status.startsWith('2') && answered !== undefined) answered.example = example.answer;
  }
}

import { configurationAttributes } from './configuration.ts';
import { dataSources, ephemeralResources, resources } from './provider.ts';
import type { Attribute, Attributes, ValueType } from './values/schema.ts';

interface Described {
  readonly description: string;
  readonly attributes: Attributes;
}

/** The tables of docs/terraform.md. They are made from the schemas that Terraform gets, so they agree with them. */
export function reference(): string {
  const sections = [
    '## The provider',
    table(configurationAttributes),
    ...sectionsOf('Resources', resources),
    ...sectionsOf('Ephemeral resources', ephemeralResources),
    ...sectionsOf('Data sources', dataSources),
  ];
  return `${sections.join('\n\n')}\n`;
}

function sectionsOf(title: string, all: Readonly<Record<string, Described>>): string[] {
  return [
    `## ${title}`,
    ...Object.entries(all).flatMap(([name, { description, attributes }]) => [
      `### ${name}`,
      description,
      table(attributes),
    ]),
  ];
}

function table(attributes: Attributes): string {
  return [
    '| attribute | type | presence | meaning |',
    '| --- | --- | --- | --- |',
    ...rows(attributes, ''),
  ].join('\n');
}

function rows(attributes: Attributes, prefix: string): string[] {
  return Object.entries(attributes).flatMap(([name, attribute]) => {
    const type = 'type' in attribute ? typeText(attribute.type) : 'object';
    const own = `| \`${prefix}${name}\` | ${type} | ${presenceText(attribute)} | ${attribute.description} |`;
    return 'attributes' in attribute ? [own, ...rows(attribute.attributes, `${prefix}${name}.`)] : [own];
  });
}

function typeText(type: ValueType): string {
  if (typeof type === 'string') return type;
  if (type[0] === 'object') return `object (${Object.keys(type[1]).join(', ')})`;
  return `${type[0]} of ${typeText(type[1])}`;
}

function presenceText({ presence, default: value, forcesReplacement, isSensitive }: Attribute): string {
  const hasDefault = value !== undefined && typeof value !== 'object';
  return [
    hasDefault ? `${presence}, \`${JSON.stringify(value)}\`` : presence,
    ...(isSensitive === true ? ['sensitive'] : []),
    ...(forcesReplacement === true ? ['a change replaces the resource'] : []),
  ].join('; ');
}

import { randomUUID } from 'node:crypto';
import { type Provider, provider } from '../../infra/terraform-provider/provider.ts';
import type { DataSource, Resource } from '../../infra/terraform-provider/resources/resource.ts';
import type { ObjectValue } from '../../infra/terraform-provider/values/dynamic-value.ts';
import type { Attribute, Attributes, ValueType } from '../../infra/terraform-provider/values/schema.ts';
import { Unknown } from '../../infra/terraform-provider/values/unknown.ts';

/**
 * Providers of clouds that make nothing. They know the attributes that our examples use, as the documentation of the
 * real providers has them. Terraform also takes an attribute that is a list or set of objects as a block.
 */

const attribute = (presence: Attribute['presence'], type: ValueType, more: Partial<Attribute> = {}) =>
  ({ description: '', presence, type, ...more }) as Attribute;
const required = (type: ValueType = 'string') => attribute('required', type);
const optional = (type: ValueType = 'string') => attribute('optional', type);
/** Another value needs another resource. */
const fixed = (type: ValueType = 'string') => attribute('optional', type, { forcesReplacement: true });
const computed: Attribute = attribute('computed', 'string');

const rule: Attributes = {
  ...{ security_group_id: required(), ip_protocol: required(), cidr_ipv4: optional(), cidr_ipv6: optional() },
  ...{ from_port: optional('number'), to_port: optional('number'), id: computed },
};

export function awsDouble(): Provider {
  return cloudDouble(
    { region: optional() },
    {
      aws_security_group: { name_prefix: fixed(), vpc_id: fixed(), id: computed },
      aws_vpc_security_group_ingress_rule: rule,
      aws_vpc_security_group_egress_rule: rule,
      aws_instance: {
        ...{ ami: fixed(), instance_type: optional(), subnet_id: fixed(), user_data: optional() },
        ...{ vpc_security_group_ids: optional(['set', 'string']), tags: optional(['map', 'string']) },
        associate_public_ip_address: attribute('optional', 'bool', { forcesReplacement: true }),
        metadata_options: optional(['list', ['object', { http_tokens: 'string' }]]),
        ...{ id: computed, public_ip: computed },
      },
    },
    { aws_subnet: { id: required(), vpc_id: computed } },
  );
}

export function hcloudDouble(): Provider {
  const portRule: ValueType = [
    'object',
    { direction: 'string', protocol: 'string', port: 'string', source_ips: ['set', 'string'] },
  ];
  return cloudDouble(
    { token: optional() },
    {
      hcloud_firewall: { name: optional(), rule: optional(['set', portRule]), id: computed },
      hcloud_server: {
        ...{
          name: required(),
          image: fixed(),
          location: fixed(),
          server_type: required(),
          user_data: fixed(),
        },
        ...{ firewall_ids: optional(['set', 'number']), id: computed, ipv4_address: computed },
      },
    },
  );
}

function cloudDouble(
  configuration: Attributes,
  resources: Readonly<Record<string, Attributes>>,
  dataSources: Readonly<Record<string, Attributes>> = {},
): Provider {
  const kinds = <T>(all: Readonly<Record<string, Attributes>>, kind: (attributes: Attributes) => T) =>
    Object.fromEntries(Object.entries(all).map(([name, attributes]) => [name, kind(attributes)]));
  return provider(
    {},
    {
      configuration,
      resources: kinds(resources, resourceDouble),
      dataSources: kinds(dataSources, dataDouble),
      ephemeralResources: {},
    },
  );
}

function resourceDouble(attributes: Attributes): Resource {
  return {
    ...{ description: '', attributes },
    create: async (planned) => wholly(planned),
    read: async (state) => state,
    update: async (planned) => wholly(planned),
    delete: async () => {},
  };
}

function dataDouble(attributes: Attributes): DataSource {
  const read = async (config: ObjectValue) =>
    Object.fromEntries(Object.keys(attributes).map((name) => [name, config[name] ?? `the ${name}`]));
  return { description: '', attributes, read };
}

/** Ids are numbers in one cloud and texts in the other, and a text of digits is both. */
function wholly(planned: ObjectValue): ObjectValue {
  return Object.fromEntries(
    Object.entries(planned).map(([name, value]) => [name, Unknown.is(value) ? newId() : value]),
  );
}

function newId(): string {
  return String(Number.parseInt(randomUUID().slice(0, 8), 16));
}

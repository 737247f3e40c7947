import { NumberInput, Select, SimpleGrid, Switch, TextInput } from '@mantine/core';

interface OptionSchema {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  pattern?: string;
}

interface OptionFieldsProps {
  /** JSON Schema of the conversion's options. */
  schema: Record<string, unknown>;
  values: Readonly<Record<string, unknown>>;
  onChange: (values: Record<string, unknown>) => void;
}

/** A field for each option that a conversion has; what is left alone is not sent. */
export function OptionFields({ schema, values, onChange }: OptionFieldsProps) {
  const properties = (schema['properties'] ?? {}) as Record<string, OptionSchema>;
  const set = (name: string, value: unknown) => {
    const next = { ...values };
    if (value === '' || value === null || value === undefined) delete next[name];
    else next[name] = value;
    onChange(next);
  };
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
      {Object.entries(properties).map(([name, property]) => (
        <OptionField
          key={name}
          name={name}
          property={property}
          value={values[name]}
          onChange={(value) => set(name, value)}
        />
      ))}
    </SimpleGrid>
  );
}

interface OptionFieldProps {
  name: string;
  property: OptionSchema;
  value: unknown;
  onChange: (value: unknown) => void;
}

function OptionField({ name, property, value, onChange }: OptionFieldProps) {
  const label = name.replaceAll('_', ' ').replace(/^./, (letter) => letter.toUpperCase());
  const described =
    property.description === undefined ? { label } : { label, description: property.description };
  const preset = textOf(property.default);
  if (property.type === 'boolean') {
    return (
      <Switch
        {...described}
        checked={(value ?? property.default) === true}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    );
  }
  if (property.enum !== undefined) {
    return (
      <Select
        {...described}
        data={property.enum.map(String)}
        value={value === undefined ? preset : textOf(value)}
        allowDeselect={false}
        onChange={(chosen) => onChange(property.enum?.find((entry) => String(entry) === chosen))}
      />
    );
  }
  if (property.type === 'integer' || property.type === 'number') {
    return (
      <NumberInput
        {...described}
        placeholder={preset}
        value={typeof value === 'number' ? value : ''}
        allowDecimal={property.type === 'number'}
        {...(property.minimum === undefined ? {} : { min: property.minimum })}
        {...(property.maximum === undefined ? {} : { max: property.maximum })}
        onChange={(next) => onChange(typeof next === 'number' ? next : undefined)}
      />
    );
  }
  return (
    <TextInput
      {...described}
      placeholder={preset}
      defaultValue={Array.isArray(value) ? value.join(', ') : ''}
      onChange={(event) => onChange(readText(event.currentTarget.value, property))}
    />
  );
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Lists are written with commas; where a number or a name is wanted, digits are a number. */
function readText(text: string, property: OptionSchema): unknown {
  if (text === '') return undefined;
  if (property.type === 'array') {
    return text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }
  return property.type === undefined && /^\d+$/.test(text) ? Number(text) : text;
}

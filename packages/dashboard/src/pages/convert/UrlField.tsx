import { Button, Group, TextInput } from '@mantine/core';
import { useState } from 'react';

/** A file that lies somewhere on the web: the server fetches it. */
export function UrlField({ onUrl }: { onUrl: (url: string) => void }) {
  const [url, setUrl] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onUrl(url.trim());
        setUrl('');
      }}
    >
      <Group gap="sm" align="flex-end" wrap="nowrap">
        <TextInput
          label="Or the address of a file on the web"
          type="url"
          placeholder="https://example.com/report.docx"
          required
          withAsterisk={false}
          maxLength={2000}
          pattern="https?://.+"
          title="An address that begins with https:// or http://"
          flex={1}
          maw={520}
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
        />
        <Button type="submit" variant="default">
          Add
        </Button>
      </Group>
    </form>
  );
}

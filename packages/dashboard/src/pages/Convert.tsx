import { Button, Group, Stack, Text } from '@mantine/core';
import { Loaded } from '../components/Loaded.tsx';
import { Page } from '../components/Page.tsx';
import { DropZone } from './convert/DropZone.tsx';
import { Offered } from './convert/Offered.tsx';
import { FileCard } from './convert/FileCard.tsx';
import { useFormats } from './convert/use-formats.ts';
import { UrlField } from './convert/UrlField.tsx';
import { useHeldConversions } from './convert/HeldConversions.tsx';

export function Component() {
  const formats = useFormats();
  const conversions = useHeldConversions();
  const { items } = conversions;
  const ready = items.filter(({ state, to }) => state === 'ready' && to !== null);
  return (
    <Page title="Convert" about="Files are counted when they are done; what fails costs nothing.">
      <Loaded query={formats}>
        {(offered) => (
          <Stack gap="md">
            <DropZone onFiles={(files) => void conversions.add(files, offered)} />
            <UrlField onUrl={(url) => conversions.addUrl(url, offered)} />
            {items.length === 0 ? <Offered formats={offered} /> : null}
            {ready.length < 2 ? null : (
              <Group justify="space-between">
                <Text size="sm" c="dimmed">
                  {ready.length} files are ready
                </Text>
                <Button onClick={() => void conversions.start(ready.map(({ key }) => key))}>
                  Convert all
                </Button>
              </Group>
            )}
            {items.map((item) => (
              <FileCard key={item.key} item={item} formats={offered} conversions={conversions} />
            ))}
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}

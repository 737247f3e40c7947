import { Button, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { login } from '../../session.ts';

/** Sends the mail with the link once more. */
export function ResendLink({ email }: { email: string }) {
  const send = useMutation({
    mutationFn: () => login.sendVerification({ email, callbackURL: '/' }),
  });
  if (send.isSuccess) {
    return (
      <Text size="sm" role="status">
        Sent. Look into your mail.
      </Text>
    );
  }
  return (
    <Button size="xs" variant="default" loading={send.isPending} onClick={() => send.mutate()}>
      Send the link again
    </Button>
  );
}

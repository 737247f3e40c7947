import { Anchor, Button, Stack } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { NewPasswordInput } from '../components/NewPasswordInput.tsx';
import { Problem } from '../components/Problem.tsx';
import { Door } from '../doors/Door.tsx';
import { wayBack } from '../doors/way-back.ts';
import { login } from '../session.ts';

/** Where the link of a sign-up leads in a browser that did not sign up. */
export function Component() {
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const token = search.get('token') ?? '';
  const [newPassword, setPassword] = useState('');
  const confirm = useMutation({
    mutationFn: () => login.confirmAddress({ newPassword, token }),
    onSuccess: async () => {
      queries.clear();
      await navigate(wayBack(search), { replace: true });
    },
  });
  return (
    <Door
      title="Choose your password"
      about={
        'This is not the browser that signed up with your address. Choose a password here: one that ' +
        'was chosen before is not good any more.'
      }
      below="You did not sign up? Close this page, and nothing happens."
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          confirm.mutate();
        }}
      >
        <Stack gap="sm">
          <NewPasswordInput label="Password" autoFocus value={newPassword} onChoose={setPassword} />
          {confirm.isError ? (
            <Problem error={confirm.error}>
              <Anchor component={Link} to="/sign-in" size="sm">
                To the sign-in page
              </Anchor>
            </Problem>
          ) : null}
          <Button type="submit" loading={confirm.isPending} fullWidth>
            Confirm the address
          </Button>
        </Stack>
      </form>
    </Door>
  );
}

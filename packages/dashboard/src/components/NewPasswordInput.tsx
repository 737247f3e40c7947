import { PasswordInput, type PasswordInputProps } from '@mantine/core';
import { passwordLength } from '@mutate/sdk';

/** Where somebody chooses a password. */
export function NewPasswordInput({
  onChoose,
  ...props
}: Omit<PasswordInputProps, 'onChange'> & { onChoose: (password: string) => void }) {
  return (
    <PasswordInput
      description={`At least ${passwordLength.min} characters`}
      autoComplete="new-password"
      required
      minLength={passwordLength.min}
      maxLength={passwordLength.max}
      onChange={(event) => onChoose(event.currentTarget.value)}
      {...props}
    />
  );
}

import { Page } from '../components/Page.tsx';
import { Loaded } from '../components/Loaded.tsx';
import { Panel } from '../components/Panel.tsx';
import { useMe } from '../session.ts';
import { DeleteAccount } from './account/DeleteAccount.tsx';
import { PasswordForm } from './account/PasswordForm.tsx';
import { ProfileForm } from './account/ProfileForm.tsx';
import { SecondFactor } from './account/SecondFactor.tsx';
import { Sessions } from './account/Sessions.tsx';

export function Component() {
  const me = useMe();
  return (
    <Page title="Your account" about="What is yours, in whichever workspace.">
      <Loaded query={me} lines={8}>
        {(data) => (
          <>
            <Panel title="You">
              <ProfileForm key={data.user.id} me={data} />
            </Panel>
            <Panel title="Password">
              <PasswordForm />
            </Panel>
            <Panel title="Second factor">
              <SecondFactor isOn={data.user.two_factor_enabled} />
            </Panel>
            <Panel title="Where you are signed in" isFlush>
              <Sessions />
            </Panel>
            <Panel title="Leave for good">
              <DeleteAccount email={data.user.email} />
            </Panel>
          </>
        )}
      </Loaded>
    </Page>
  );
}

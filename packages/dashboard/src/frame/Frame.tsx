import { HeldConversions } from '../pages/convert/HeldConversions.tsx';
import { useWorkspaceId } from '../session.ts';
import { Gate } from './Gate.tsx';
import { workspaceNavigation } from './navigation.ts';
import { Shell } from './Shell.tsx';

/** What surrounds every page of a workspace, for who is signed in. */
export function Frame() {
  const workspaceId = useWorkspaceId();
  return (
    <Gate>
      {(me) => (
        <HeldConversions key={workspaceId}>
          <Shell me={me} workspaceId={workspaceId} groups={workspaceNavigation} />
        </HeldConversions>
      )}
    </Gate>
  );
}

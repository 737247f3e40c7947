import type { Role } from '@mutate/sdk';
import { NavLink } from 'react-router';
import { Icon } from './Icon.tsx';
import { mayOpen, type NavigationGroup } from './navigation.ts';

interface NavigationProps {
  /** What the entries' paths are below, such as `/org_…`. */
  base: string;
  groups: readonly NavigationGroup[];
  /** Null: all of it is shown. */
  role: Role | null;
  onNavigate: () => void;
}

/** The list of pages at the side. */
export function Navigation({ base, groups, role, onNavigate }: NavigationProps) {
  return (
    <nav aria-label="Pages">
      {groups.map((group) => (
        <div key={group.label ?? ''}>
          {group.label === null ? null : <div className="frame-group">{group.label}</div>}
          {group.entries
            .filter(({ path }) => mayOpen(role, path))
            .map(({ path, label, icon }) => (
              <NavLink
                key={path}
                to={path === '' ? base : `${base}/${path}`}
                end={path === ''}
                className="frame-link"
                onClick={onNavigate}
              >
                <Icon name={icon} />
                {label}
              </NavLink>
            ))}
        </div>
      ))}
    </nav>
  );
}

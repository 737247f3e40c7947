import type { RouteObject } from 'react-router';
import { Broken } from './frame/Broken.tsx';
import { Frame } from './frame/Frame.tsx';
import { Home } from './frame/Home.tsx';
import { Loading } from './components/Loading.tsx';

/**
 * Every page by its URL. A page is a file in `pages/` that exports `Component`; it is loaded when
 * somebody goes there.
 */
export const routes: RouteObject[] = [
  {
    ErrorBoundary: Broken,
    HydrateFallback: Loading,
    children: [
      { index: true, Component: Home },
      { path: 'sign-in', lazy: () => import('./pages/SignIn.tsx') },
      { path: 'sign-up', lazy: () => import('./pages/SignUp.tsx') },
      { path: 'forgot-password', lazy: () => import('./pages/ForgotPassword.tsx') },
      { path: 'reset-password', lazy: () => import('./pages/ResetPassword.tsx') },
      {
        path: ':workspaceId',
        Component: Frame,
        children: [
          {
            ErrorBoundary: Broken,
            children: [
              { index: true, lazy: () => import('./pages/Overview.tsx') },
              { path: 'convert', lazy: () => import('./pages/Convert.tsx') },
              { path: 'conversions', lazy: () => import('./pages/Conversions.tsx') },
              { path: 'conversions/:jobId', lazy: () => import('./pages/Conversion.tsx') },
              { path: 'usage', lazy: () => import('./pages/Usage.tsx') },
              { path: 'api-keys', lazy: () => import('./pages/ApiKeys.tsx') },
              { path: 'snippets', lazy: () => import('./pages/Snippets.tsx') },
              { path: 'audit-log', lazy: () => import('./pages/AuditLog.tsx') },
              { path: 'account', lazy: () => import('./pages/Account.tsx') },
              { path: 'settings', lazy: () => import('./pages/Settings.tsx') },
              { path: '*', lazy: () => import('./pages/NotFound.tsx') },
            ],
          },
        ],
      },
      { path: '*', lazy: () => import('./pages/NotFound.tsx') },
    ],
  },
];

import type { RouteObject } from 'react-router';
import { AdminFrame } from './frame/AdminFrame.tsx';
import { Broken } from './frame/Broken.tsx';
import { Frame } from './frame/Frame.tsx';
import { Home } from './frame/Home.tsx';
import { Loading } from './components/Loading.tsx';

/** The pages of the platform, below `/admin`. */
const adminPages: RouteObject[] = [
  { index: true, lazy: () => import('./pages/admin/Workspaces.tsx') },
  { path: 'workspaces/:workspaceId', lazy: () => import('./pages/admin/Workspace.tsx') },
  { path: 'plans', lazy: () => import('./pages/admin/Plans.tsx') },
  { path: 'plans/new', lazy: () => import('./pages/admin/NewPlan.tsx') },
  { path: 'plans/:planId', lazy: () => import('./pages/admin/Plan.tsx') },
  { path: 'revenue', lazy: () => import('./pages/admin/Revenue.tsx') },
  { path: 'health', lazy: () => import('./pages/admin/Health.tsx') },
  { path: 'mail', lazy: () => import('./pages/admin/Outbox.tsx') },
  { path: 'stripe-events', lazy: () => import('./pages/admin/StripeEvents.tsx') },
  { path: 'clock', lazy: () => import('./pages/admin/Clock.tsx') },
  { path: 'audit-log', lazy: () => import('./pages/admin/AuditLog.tsx') },
  { path: '*', lazy: () => import('./pages/NotFound.tsx') },
];

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
      { path: 'invitations/:token', lazy: () => import('./pages/Invitation.tsx') },
      { path: 'confirm-address', lazy: () => import('./pages/ConfirmAddress.tsx') },
      { path: 'reset-password', lazy: () => import('./pages/ResetPassword.tsx') },
      {
        path: 'admin',
        Component: AdminFrame,
        children: [{ ErrorBoundary: Broken, children: adminPages }],
      },
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
              { path: 'webhooks', lazy: () => import('./pages/Webhooks.tsx') },
              { path: 'webhooks/:endpointId', lazy: () => import('./pages/Webhook.tsx') },
              { path: 'notifications', lazy: () => import('./pages/Notifications.tsx') },
              { path: 'snippets', lazy: () => import('./pages/Snippets.tsx') },
              { path: 'audit-log', lazy: () => import('./pages/AuditLog.tsx') },
              { path: 'account', lazy: () => import('./pages/Account.tsx') },
              { path: 'billing', lazy: () => import('./pages/Billing.tsx') },
              { path: 'billing/plans', lazy: () => import('./pages/Plans.tsx') },
              { path: 'billing/change', lazy: () => import('./pages/ChangePlan.tsx') },
              { path: 'billing/invoices', lazy: () => import('./pages/Invoices.tsx') },
              { path: 'billing/invoices/:invoiceId', lazy: () => import('./pages/Invoice.tsx') },
              {
                path: 'billing/invoices/:invoiceId/lines/:lineId',
                lazy: () => import('./pages/InvoiceLine.tsx'),
              },
              { path: 'team', lazy: () => import('./pages/Team.tsx') },
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

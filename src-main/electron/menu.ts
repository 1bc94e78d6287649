import { Menu } from 'electron';
import type { MenuItemConstructorOptions } from 'electron';
import { ACTION_GROUPS, ACTIONS, accelerator } from '../../shared/actions.ts';
import type { ActionGroup, ActionId } from '../../shared/actions.ts';

/**
 * The menu: what every program has, by Electron's roles, and the window's own actions from the one list of them. The
 * page carries an action out, and knows whether it is possible. No entry leads out of the program.
 * @param choose told the action that was chosen
 */
export function menuTemplate(mac: boolean, tools: boolean, choose: (id: ActionId) => void): MenuItemConstructorOptions[] {
  const own = (group: ActionGroup): MenuItemConstructorOptions[] =>
    ACTIONS.filter((action) => action.group === group).map(({ id, title, shortcut }) => {
      const keys = accelerator(shortcut);
      // The page listens to its keys itself; registered here as well, an action would run twice.
      return { id, label: title, click: () => choose(id), ...(keys === null ? {} : { accelerator: keys, registerAccelerator: false }) };
    });
  const line = { type: 'separator' } as const;
  const view: MenuItemConstructorOptions[] = [...own('view'), line, { role: 'resetZoom' }, { role: 'zoomIn' }, { role: 'zoomOut' }, line, { role: 'togglefullscreen' }];
  if (tools) view.push(line, { role: 'reload' }, { role: 'toggleDevTools' });
  const recent: MenuItemConstructorOptions[] = mac ? [{ label: 'Open Recent', role: 'recentDocuments', submenu: [{ role: 'clearRecentDocuments' }] }] : [];
  return [
    ...(mac ? [{ role: 'appMenu' } as const] : []),
    { label: ACTION_GROUPS.file, submenu: [...own('file'), ...recent, line, { role: mac ? 'close' : 'quit' }] },
    { role: 'editMenu' },
    ...(['go', 'run', 'results', 'image'] as const).map((group) => ({ label: ACTION_GROUPS[group], submenu: own(group) })),
    { label: ACTION_GROUPS.view, submenu: view },
    ...(mac ? [{ role: 'windowMenu' } as const] : []),
    { label: ACTION_GROUPS.help, submenu: [...own('help'), ...(mac ? [] : [line, { role: 'about' } as const])] },
  ];
}

export function setMenu(mac: boolean, tools: boolean, choose: (id: ActionId) => void): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(mac, tools, choose)));
}

import { Menu } from 'electron';
import type { MenuItemConstructorOptions } from 'electron';
import { ACTIONS, accelerator } from '../../shared/actions.ts';
import type { ActionGroup, ActionId } from '../../shared/actions.ts';
import { groupOf, titleOf, type Language } from '../../shared/languages.ts';

type Role = NonNullable<MenuItemConstructorOptions['role']>;

/** Electron names its own entries in English only. */
const ROLES_DE: Partial<Record<Role, string>> = {
  close: 'Fenster schließen',
  quit: 'Beenden',
  about: 'Über Hairline',
  editMenu: 'Bearbeiten',
  cut: 'Ausschneiden',
  copy: 'Kopieren',
  paste: 'Einfügen',
  selectAll: 'Alles auswählen',
  windowMenu: 'Fensterverwaltung',
  recentDocuments: 'Zuletzt geöffnet',
  clearRecentDocuments: 'Liste leeren',
  resetZoom: 'Originalgröße',
  zoomIn: 'Vergrößern',
  zoomOut: 'Verkleinern',
  togglefullscreen: 'Vollbild',
};

/**
 * The menu: what every program has, by Electron's roles, and the window's own actions from the one list of them. The
 * page carries an action out, and knows whether it is possible. No entry leads out of the program.
 * @param choose told the action that was chosen
 * @param language of the page
 */
export function menuTemplate(
  mac: boolean,
  tools: boolean,
  choose: (id: ActionId) => void,
  language: Language,
): MenuItemConstructorOptions[] {
  const role = (name: Role): MenuItemConstructorOptions => ({
    role: name,
    ...(language === 'de' && ROLES_DE[name] ? { label: ROLES_DE[name] } : {}),
  });
  const own = (group: ActionGroup): MenuItemConstructorOptions[] =>
    ACTIONS.filter((action) => action.group === group).map(({ id, shortcut }) => {
      const keys = accelerator(shortcut);
      // The page listens to its keys itself; registered here as well, an action would run twice.
      return {
        id,
        label: titleOf(id, language),
        click: () => choose(id),
        ...(keys === null ? {} : { accelerator: keys, registerAccelerator: false }),
      };
    });
  const line = { type: 'separator' } as const;
  const view: MenuItemConstructorOptions[] = [
    ...own('view'),
    line,
    role('resetZoom'),
    role('zoomIn'),
    role('zoomOut'),
    line,
    role('togglefullscreen'),
  ];
  if (tools) view.push(line, { role: 'reload' }, { role: 'toggleDevTools' });
  const recent: MenuItemConstructorOptions[] = mac
    ? [{ label: 'Open Recent', ...role('recentDocuments'), submenu: [role('clearRecentDocuments')] }]
    : [];
  return [
    ...(mac ? [{ role: 'appMenu' } as const] : []),
    { label: groupOf('file', language), submenu: [...own('file'), ...recent, line, role(mac ? 'close' : 'quit')] },
    { ...role('editMenu'), submenu: [...own('edit'), line, role('cut'), role('copy'), role('paste'), role('selectAll')] },
    ...(['go', 'run', 'results', 'image'] as const).map((group) => ({ label: groupOf(group, language), submenu: own(group) })),
    { label: groupOf('view', language), submenu: view },
    ...(mac ? [role('windowMenu')] : []),
    { label: groupOf('help', language), submenu: [...own('help'), ...(mac ? [] : [line, role('about')])] },
  ];
}

export function setMenu(mac: boolean, tools: boolean, choose: (id: ActionId) => void, language: Language): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(mac, tools, choose, language)));
}

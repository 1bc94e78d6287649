import { Menu } from 'electron';
import type { MenuItemConstructorOptions } from 'electron';

/**
 * The menu: what every program has, by Electron's roles. Nothing of Hairline itself is here, since
 * the window offers all of it. No entry leads out of the program.
 */
export function menuTemplate(mac: boolean, tools: boolean): MenuItemConstructorOptions[] {
  const view: MenuItemConstructorOptions[] = [
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    { role: 'zoomOut' },
    { type: 'separator' },
    { role: 'togglefullscreen' },
  ];
  if (tools) view.push({ type: 'separator' }, { role: 'reload' }, { role: 'toggleDevTools' });
  return [
    ...(mac ? [{ role: 'appMenu' } as const] : []),
    { role: 'fileMenu' },
    { role: 'editMenu' },
    { label: 'View', submenu: view },
    { role: 'windowMenu' },
    ...(mac ? [] : [{ label: 'Help', submenu: [{ role: 'about' } as const] }]),
  ];
}

export function setMenu(mac: boolean, tools: boolean): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(mac, tools)));
}

import { createPinia } from 'pinia';
import { createApp } from 'vue';
import { z } from 'zod';
import App from './App.vue';
import { applyLanguage, storedLanguage } from './language.ts';
import { applyTheme, storedTheme } from './theme.ts';
import './styles.css';

// zod would probe `new Function`, which the content policy reports as a violation.
z.config({ jitless: true });
applyTheme(storedTheme());
applyLanguage(storedLanguage());

createApp(App).use(createPinia()).mount('#app');

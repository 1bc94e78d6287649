import { createPinia } from 'pinia';
import { createApp } from 'vue';
import { z } from 'zod';
import App from './App.vue';
import { applyTheme, storedTheme } from './theme.ts';
import './styles.css';

// zod would probe `new Function`, which the content policy reports as a violation.
z.config({ jitless: true });
applyTheme(storedTheme());

createApp(App).use(createPinia()).mount('#app');

import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { ModelCard } from '../../shared/contract.ts';

/** What is known of the model that is open. By itself, because the pictures ask for its classes and the model for its pictures. */
export const useCard = defineStore('card', () => ({ card: shallowRef<ModelCard | null>(null) }));

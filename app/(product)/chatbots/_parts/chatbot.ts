export interface Chatbot {
  id: string;
  name: string;
  createdAt: string;
}

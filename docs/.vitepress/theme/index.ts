/** VitePress' own theme with the fonts of the reader's machine, and room for pictures made of text. */
import DefaultTheme from 'vitepress/theme-without-fonts';
import './pages.css';

export default DefaultTheme;

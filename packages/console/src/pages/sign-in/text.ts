import { defineTexts } from '../../i18n/texts.ts'

export const signInTexts = defineTexts('sign-in', {
  en: {
    title: 'Sign in to Carillon',
    name: 'Name',
    password: 'Password',
    showPassword: 'Show the password',
    signIn: 'Sign in',
    first: 'First start? The administrator’s name and password were printed in the terminal where the server was started.',
    lostPassword: 'Forgotten? An administrator of the platform can give you a new password.',
  },
  zh: {
    title: '登录编钟 Carillon',
    name: '用户名',
    password: '密码',
    showPassword: '显示密码',
    signIn: '登录',
    first: '首次启动?管理员的用户名和密码已打印在启动服务器的终端中。',
    lostPassword: '忘记密码?平台管理员可以为您设置新密码。',
  },
})

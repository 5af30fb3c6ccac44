package theme

import (
	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
	"trestle/assets"
)

// IconName names an icon by its use.
type IconName string

// The icons, named by their files in assets/icons.
const (
	IconAdd          IconName = "add"
	IconCheck        IconName = "check"
	IconChevronDown  IconName = "chevron-down"
	IconChevronLeft  IconName = "chevron-left"
	IconChevronRight IconName = "chevron-right"
	IconChevronUp    IconName = "chevron-up"
	IconClose        IconName = "close"
	IconColumns      IconName = "columns"
	IconCompare      IconName = "compare"
	IconCopy         IconName = "copy"
	IconDark         IconName = "dark"
	IconDelete       IconName = "delete"
	IconEdit         IconName = "edit"
	IconEndpoints    IconName = "endpoints"
	IconError        IconName = "error"
	IconExport       IconName = "export"
	IconFile         IconName = "file"
	IconFilter       IconName = "filter"
	IconFolderOpen   IconName = "folder-open"
	IconFolder       IconName = "folder"
	IconForm         IconName = "form"
	IconHelp         IconName = "help"
	IconHex          IconName = "hex"
	IconImport       IconName = "import"
	IconInformation  IconName = "information"
	IconInspect      IconName = "inspect"
	IconKey          IconName = "key"
	IconKeyboard     IconName = "keyboard"
	IconLight        IconName = "light"
	IconLink         IconName = "link"
	IconLock         IconName = "lock"
	IconMap          IconName = "map"
	IconMask         IconName = "mask"
	IconMessage      IconName = "message"
	IconMore         IconName = "more"
	IconNote         IconName = "note"
	IconOK           IconName = "ok"
	IconOpen         IconName = "open"
	IconPaste        IconName = "paste"
	IconPause        IconName = "pause"
	IconPlay         IconName = "play"
	IconProject      IconName = "project"
	IconRaw          IconName = "raw"
	IconRedo         IconName = "redo"
	IconRefresh      IconName = "refresh"
	IconRoster       IconName = "roster"
	IconSave         IconName = "save"
	IconSearch       IconName = "search"
	IconSettings     IconName = "settings"
	IconShield       IconName = "shield"
	IconStop         IconName = "stop"
	IconSystem       IconName = "system"
	IconTable        IconName = "table"
	IconTag          IconName = "tag"
	IconTime         IconName = "time"
	IconTree         IconName = "tree"
	IconUndo         IconName = "undo"
	IconUnlock       IconName = "unlock"
	IconUnmask       IconName = "unmask"
	IconWarning      IconName = "warning"
	IconWrap         IconName = "wrap"
)

// Icon is an icon in the colour of the text. It follows a change of theme. An unknown name panics: names are constants.
func Icon(n IconName) fyne.Resource { return fynetheme.NewThemedResource(iconFile(n)) }

// IconIn is an icon in the colour of the given name, of Fyne's or ours.
func IconIn(n IconName, c fyne.ThemeColorName) fyne.Resource {
	return fynetheme.NewColoredResource(iconFile(n), c)
}

var iconCache = map[IconName]*fyne.StaticResource{}

func iconFile(n IconName) *fyne.StaticResource {
	if r, ok := iconCache[n]; ok {
		return r
	}
	data, err := assets.Icons.ReadFile("icons/" + string(n) + ".svg")
	if err != nil {
		panic("theme: no icon " + string(n))
	}
	r := fyne.NewStaticResource("trestle-"+string(n)+".svg", data)
	iconCache[n] = r
	return r
}

// standard says which of our icons stands where one of Fyne's widgets asks for its own, so that one hand drew all.
// Boxes and radio buttons stay Fyne's: they are drawn in two layers.
var standard = map[fyne.ThemeIconName]IconName{
	fynetheme.IconNameCancel:         IconClose,
	fynetheme.IconNameConfirm:        IconCheck,
	fynetheme.IconNameDelete:         IconDelete,
	fynetheme.IconNameSearch:         IconSearch,
	fynetheme.IconNameContentAdd:     IconAdd,
	fynetheme.IconNameContentCopy:    IconCopy,
	fynetheme.IconNameContentPaste:   IconPaste,
	fynetheme.IconNameContentUndo:    IconUndo,
	fynetheme.IconNameContentRedo:    IconRedo,
	fynetheme.IconNameContentClear:   IconClose,
	fynetheme.IconNameInfo:           IconInformation,
	fynetheme.IconNameQuestion:       IconHelp,
	fynetheme.IconNameHelp:           IconHelp,
	fynetheme.IconNameWarning:        IconWarning,
	fynetheme.IconNameError:          IconError,
	fynetheme.IconNameFolder:         IconFolder,
	fynetheme.IconNameFolderOpen:     IconFolderOpen,
	fynetheme.IconNameFile:           IconFile,
	fynetheme.IconNameMoreHorizontal: IconMore,
	fynetheme.IconNameNavigateNext:   IconChevronRight,
	fynetheme.IconNameNavigateBack:   IconChevronLeft,
	fynetheme.IconNameArrowDropDown:  IconChevronDown,
	fynetheme.IconNameArrowDropUp:    IconChevronUp,
	fynetheme.IconNameMenuExpand:     IconChevronRight,
	fynetheme.IconNameVisibility:     IconUnmask,
	fynetheme.IconNameVisibilityOff:  IconMask,
	fynetheme.IconNameSettings:       IconSettings,
	fynetheme.IconNameDocumentSave:   IconSave,
	fynetheme.IconNameViewRefresh:    IconRefresh,
}

// Icon implements fyne.Theme.
func (l *look) Icon(n fyne.ThemeIconName) fyne.Resource {
	if ours, ok := standard[n]; ok {
		return Icon(ours)
	}
	return fynetheme.DefaultTheme().Icon(n)
}

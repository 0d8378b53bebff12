using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Coordination.Redis.Tests.Redlock.Simulation;

/// <summary>
/// What goes between a script and its server, as bytes: strings and their encoding were most of what a command cost. Lua's own functions, and not KeraLua's, for the same reason.
/// </summary>
internal sealed class ScriptStack(nint state)
{
    private const string Library = "lua54";
    private const int Number = 3;

    private readonly byte[] _empty = new byte[1];
    private (int At, int Length)[] _arguments = new (int, int)[64];
    private byte[] _bytes = new byte[4096];

    /// <summary>How many arguments the command has, its name among them.</summary>
    public int Count { get; private set; }

    /// <summary>An argument of the command; only until the next is taken.</summary>
    /// <param name="index">Which, from 0.</param>
    public ReadOnlySpan<byte> this[int index] => _bytes.AsSpan(_arguments[index].At, _arguments[index].Length);

    public string Text(int index) => Encoding.Latin1.GetString(this[index]);

    /// <summary>Takes the arguments of a command.</summary>
    public void Take()
    {
        Count = lua_gettop(state);
        if (Count > _arguments.Length)
        {
            Array.Resize(ref _arguments, Count * 2);
        }

        var used = 0;
        for (var i = 0; i < Count; i++)
        {
            // As Redis writes a number that is no integer: without Lua's ".0".
            if (lua_type(state, i + 1) == Number && lua_isinteger(state, i + 1) == 0)
            {
                var text = Encoding.ASCII.GetBytes(lua_tonumberx(state, i + 1, 0).ToString("R", CultureInfo.InvariantCulture));
                Grow(used, text.Length);
                text.CopyTo(_bytes.AsSpan(used));
                _arguments[i] = (used, text.Length);
            }
            else
            {
                var at = lua_tolstring(state, i + 1, out var length);
                Grow(used, (int)length);
                if (length > 0)
                {
                    Marshal.Copy(at, _bytes, used, (int)length);
                }

                _arguments[i] = (used, (int)length);
            }

            used += _arguments[i].Length;
        }
    }

    public void Push(ReadOnlySpan<byte> text) => lua_pushlstring(state, in text.IsEmpty ? ref _empty[0] : ref MemoryMarshal.GetReference(text), (nuint)text.Length);

    /// <summary>A string, or what Lua is given for none.</summary>
    public void PushOrFalse(byte[]? text)
    {
        if (text is null)
        {
            lua_pushboolean(state, 0);
        }
        else
        {
            Push(text);
        }
    }

    public void Push(long number) => lua_pushinteger(state, number);

    public void PushTable(int items) => lua_createtable(state, items, 0);

    /// <summary>Puts what was pushed last into the table below it.</summary>
    /// <param name="index">Where, from 0.</param>
    public void Put(int index) => lua_rawseti(state, -2, index + 1);

    /// <summary>A string that is on the stack.</summary>
    /// <param name="index">Where.</param>
    public byte[] Read(int index)
    {
        var at = lua_tolstring(state, index, out var length);
        var text = new byte[(int)length];
        if (length > 0)
        {
            Marshal.Copy(at, text, 0, text.Length);
        }

        return text;
    }

    private void Grow(int used, int more)
    {
        if (used + more > _bytes.Length)
        {
            Array.Resize(ref _bytes, (used + more) * 2);
        }
    }

    // None of them comes back into managed code or takes long.
    [DllImport(Library), SuppressGCTransition]
    private static extern int lua_gettop(nint state);

    [DllImport(Library), SuppressGCTransition]
    private static extern int lua_type(nint state, int index);

    [DllImport(Library), SuppressGCTransition]
    private static extern int lua_isinteger(nint state, int index);

    [DllImport(Library), SuppressGCTransition]
    private static extern double lua_tonumberx(nint state, int index, nint isNumber);

    [DllImport(Library), SuppressGCTransition]
    private static extern nint lua_tolstring(nint state, int index, out nuint length);

    [DllImport(Library), SuppressGCTransition]
    private static extern nint lua_pushlstring(nint state, in byte text, nuint length);

    [DllImport(Library), SuppressGCTransition]
    private static extern void lua_pushinteger(nint state, long number);

    [DllImport(Library), SuppressGCTransition]
    private static extern void lua_pushboolean(nint state, int value);

    [DllImport(Library), SuppressGCTransition]
    private static extern void lua_createtable(nint state, int items, int fields);

    [DllImport(Library), SuppressGCTransition]
    private static extern void lua_rawseti(nint state, int index, long key);
}

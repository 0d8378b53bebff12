using System.Globalization;
using System.Text;
using KeraLua;
using StackExchange.Redis;

namespace Coordination.Redis.Tests.Redlock.Simulation;

/// <summary>Runs the scripts as they are shipped, on a simulated server's data: what is explored is what runs.</summary>
internal sealed class ScriptInterpreter : IDisposable
{
    private readonly Lua _lua = new() { Encoding = Encoding.Latin1 };
    private readonly LuaFunction _call;
    private readonly Func<string, string, string> _mutate;
    private readonly Dictionary<string, int> _compiled = new(StringComparer.Ordinal);
    private SimulatedRedis? _server;

    /// <summary>Makes one.</summary>
    /// <param name="mutate">Puts a bug into a script, by its name: tests of the test.</param>
    public ScriptInterpreter(Func<string, string, string>? mutate = null)
    {
        _mutate = mutate ?? (static (_, text) => text);
        _call = Call;
        _lua.Register("redis_call", _call);
        Run("redis = { call = redis_call } struct = { pack = string.pack, unpack = string.unpack }");
    }

    public RedisResult Evaluate(RedisScript script, SimulatedRedis server, RedisKey[] keys, RedisValue[] values)
    {
        if (!_compiled.TryGetValue(script.Name, out var compiled))
        {
            Check(_lua.LoadString(_mutate(script.Name, script.Text), script.Name));
            _compiled[script.Name] = compiled = _lua.Ref(LuaRegistry.Index);
        }

        _server = server;
        Table("KEYS", [.. keys.Select(static key => Encoding.Latin1.GetString((byte[])key!))]);
        Table("ARGV", [.. values.Select(static value => Encoding.Latin1.GetString((byte[])value!))]);
        _lua.RawGetInteger(LuaRegistry.Index, compiled);
        Check(_lua.PCall(0, 1, 0));
        var result = Read(-1);
        _lua.Pop(1);
        return result;
    }

    public void Dispose() => _lua.Dispose();

    private void Run(string text)
    {
        Check(_lua.LoadString(text));
        Check(_lua.PCall(0, 0, 0));
    }

    private void Check(LuaStatus status)
    {
        if (status != LuaStatus.OK)
        {
            var message = _lua.ToString(-1);
            _lua.Pop(1);
            throw new InvalidOperationException($"A script failed: {message}");
        }
    }

    private void Table(string name, string[] items)
    {
        _lua.CreateTable(items.Length, 0);
        for (var i = 0; i < items.Length; i++)
        {
            _lua.PushString(items[i]);
            _lua.RawSetInteger(-2, i + 1);
        }

        _lua.SetGlobal(name);
    }

    private int Call(IntPtr state)
    {
        var count = _lua.GetTop();
        var command = new string[count];
        for (var i = 0; i < count; i++)
        {
            command[i] = _lua.Type(i + 1) == LuaType.Number && !_lua.IsInteger(i + 1)
                ? _lua.ToNumber(i + 1).ToString("R", CultureInfo.InvariantCulture)
                : _lua.ToString(i + 1, callMetamethod: false);
        }

        Push(_server!.Call(command));
        return 1;
    }

    private void Push(object? value)
    {
        switch (value)
        {
            case null:
                _lua.PushBoolean(false);
                break;
            case long number:
                _lua.PushInteger(number);
                break;
            case string text:
                _lua.PushString(text);
                break;
            case object?[] items:
                _lua.CreateTable(items.Length, 0);
                for (var i = 0; i < items.Length; i++)
                {
                    Push(items[i]);
                    _lua.RawSetInteger(-2, i + 1);
                }

                break;
            default:
                throw new InvalidOperationException($"{value.GetType()} is no reply.");
        }
    }

    private RedisResult Read(int index)
    {
        switch (_lua.Type(index))
        {
            case LuaType.Number:
                return RedisResult.Create((RedisValue)(long)_lua.ToNumber(index), ResultType.Integer);
            case LuaType.String:
                return RedisResult.Create((RedisValue)Encoding.Latin1.GetBytes(_lua.ToString(index, callMetamethod: false)), ResultType.BulkString);
            case LuaType.Table:
                var items = new RedisResult[_lua.RawLen(index)];
                for (var i = 0; i < items.Length; i++)
                {
                    _lua.RawGetInteger(index, i + 1);
                    items[i] = Read(-1);
                    _lua.Pop(1);
                }

                return RedisResult.Create(items);
            default:
                return RedisResult.Create(RedisValue.Null, ResultType.BulkString);
        }
    }
}

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
    private readonly ScriptStack _stack;
    private readonly Dictionary<string, int> _compiled = new(StringComparer.Ordinal);
    private SimulatedRedis? _server;

    /// <summary>Makes one.</summary>
    /// <param name="mutate">Puts a bug into a script, by its name: tests of the test.</param>
    public ScriptInterpreter(Func<string, string, string>? mutate = null)
    {
        _mutate = mutate ?? (static (_, text) => text);
        _call = Call;
        _stack = new ScriptStack(_lua.Handle);
        _lua.Register("redis_call", _call);
        // Lua's tables have another order in each process; a seed must give the same schedule in all.
        Run("function pairs(t) local keys = {} for key in next, t do keys[#keys + 1] = key end table.sort(keys) local i = 0 return function() i = i + 1 return keys[i], t[keys[i]] end end");
        Run("redis = { call = redis_call } struct = { pack = string.pack, unpack = string.unpack }");

        // Nearly all that a script makes is waste once it has run.
        Run("collectgarbage('generational')");
    }

    /// <summary>Told of each script before it runs: where, and with what.</summary>
    public Action<RedisScript, SimulatedRedis, byte[][], byte[][]>? Running { get; set; }

    /// <summary>How many scripts have run.</summary>
    public long Calls { get; private set; }

    public RedisResult Evaluate(RedisScript script, SimulatedRedis server, byte[][] keys, byte[][] values)
    {
        Running?.Invoke(script, server, keys, values);
        if (!_compiled.TryGetValue(script.Name, out var compiled))
        {
            Check(_lua.LoadString(_mutate(script.Name, script.Text), script.Name));
            _compiled[script.Name] = compiled = _lua.Ref(LuaRegistry.Index);
        }

        Calls++;
        _server = server;
        Table("KEYS", keys);
        Table("ARGV", values);
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

    private void Table(string name, byte[][] items)
    {
        _stack.PushTable(items.Length);
        for (var i = 0; i < items.Length; i++)
        {
            _stack.Push(items[i]);
            _stack.Put(i);
        }

        _lua.SetGlobal(name);
    }

    private int Call(IntPtr state)
    {
        _stack.Take();
        _server!.Call(_stack);
        return 1;
    }

    private RedisResult Read(int index)
    {
        switch (_lua.Type(index))
        {
            case LuaType.Number:
                return RedisResult.Create((RedisValue)(long)_lua.ToNumber(index), ResultType.Integer);
            case LuaType.String:
                return RedisResult.Create((RedisValue)_stack.Read(index), ResultType.BulkString);
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
